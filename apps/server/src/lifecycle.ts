/** The phase of the server. Only a `ready` server should get traffic. */
export interface Lifecycle {
  phase: 'starting' | 'ready' | 'draining';
}
