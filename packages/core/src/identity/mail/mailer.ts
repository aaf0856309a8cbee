/** A message, as text and as HTML. */
export interface Mail {
  /** An address. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** More headers, by name. @default none */
  headers?: Readonly<Record<string, string>>;
}

/** The port for sending mail; adapters implement it. */
export interface Mailer {
  /** @param id stays the same when a message is retried, so that the receiver can recognize it */
  send(mail: Mail, id: string): Promise<void>;
}
