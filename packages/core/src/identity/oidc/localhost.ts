/** Whether a URL names this machine, where http is as safe as https. */
export const isLocalhost = ({ hostname }: URL): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost');
