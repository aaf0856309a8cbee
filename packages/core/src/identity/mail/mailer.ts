/** A message, as text and as HTML. */
export interface Mail {
  /** An address. */
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Sends mail. The port: adapters decide how. */
export interface Mailer {
  /** @param id the same when a message is tried again, so that it can be recognized */
  send(mail: Mail, id: string): Promise<void>;
}
