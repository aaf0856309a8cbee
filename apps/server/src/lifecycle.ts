/** Where the server is in its life. Only a ready one wants traffic. */
export interface Lifecycle {
  phase: 'starting' | 'ready' | 'draining';
}
