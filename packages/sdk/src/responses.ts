/** The response that carried an answer. Queries that are sent together share one, and tRPC answers each success with 200. */
export interface ResponseInfo {
  /** The HTTP status. */
  readonly status: number;
  /** All headers that the environment shows. Browsers show those of other origins only as far as the server allows it. */
  readonly headers: Headers;
}

/** An answer, and the response that carried it. */
export interface WithResponse<Data> {
  /** What the call answers. */
  readonly data: Data;
  /** The response that carried it. */
  readonly response: ResponseInfo;
  /** Names the request in the logs of the server. Null when the response does not say it. */
  readonly requestId: string | null;
}

/** A call that was sent. `await` gives what it answers. */
export interface Call<Data> extends Promise<Data> {
  /** Answers the data together with status, headers and request id. It sends nothing more. */
  withResponse(): Promise<WithResponse<Data>>;
}

/** Gets the response that carried the answer of a call. */
export type Arrived = (response: ResponseInfo) => void;

/** What the client passes on beside the options of a caller. */
export interface Arriving {
  arrived?: Arrived | undefined;
}

export const requestIdOf = ({ headers }: ResponseInfo): string | null => headers.get('x-request-id');

/** Starts a call. @param send passes on the response that carried the answer, before it resolves */
export function callOf<Data>(send: (arrived: Arrived) => Promise<Data>): Call<Data> {
  let response: ResponseInfo | undefined;
  const answer = send((arrived) => {
    response = arrived;
  });
  return Object.assign(answer, {
    withResponse: async () => {
      const data = await answer;
      if (!response) throw new TypeError('This call has no response of its own.');
      const { status, headers } = response;
      return { data, response: { status, headers }, requestId: requestIdOf(response) };
    },
  });
}
