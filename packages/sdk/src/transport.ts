import type { AppRouter } from './contract.ts';
import { httpBatchStreamLink, httpLink, type HTTPLinkOptions, splitLink, type TRPCLink } from '@trpc/client';
import type { AnyTRPCClientTypes } from '@trpc/server';
import type { AccessTokens } from './access-tokens.ts';
import { callLink, sendingOf } from './call-link.ts';
import { trpcFetch } from './http.ts';
import type { Settings } from './settings.ts';

/** The server accepts 100. Smaller batches spread over its connections. */
const largestBatch = 50;

/** In characters: just below what the server accepts, and more than twice the longest batched input. */
const longestUrl = 8_000;

/** Queries of one tick share a request, and each resolves as soon as it is ready. Mutations are sent alone. */
export function linksOf(settings: Settings, tokens: AccessTokens): TRPCLink<AppRouter>[] {
  const shared: Pick<HTTPLinkOptions<AnyTRPCClientTypes>, 'url' | 'fetch'> = {
    url: `${settings.baseUrl}/trpc`,
    fetch: (url, init) => trpcFetch(settings, String(url), { ...init, signal: init?.signal ?? null }),
  };
  return [
    callLink(settings, tokens),
    splitLink({
      condition: ({ context }) => sendingOf(context).batched,
      true: httpBatchStreamLink({
        ...shared,
        maxItems: largestBatch,
        maxURLLength: longestUrl,
        // Their headers differ only in the access token, and the last call has the newest.
        headers: ({ opList }) => sendingOf((opList.at(-1) ?? opList[0]).context).headers,
      }),
      false: httpLink({ ...shared, headers: ({ op }) => sendingOf(op.context).headers }),
    }),
  ];
}
