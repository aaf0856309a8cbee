import type { AppRouter } from '@tenon/api';
import { httpBatchStreamLink, httpLink, type HTTPLinkOptions, splitLink, type TRPCLink } from '@trpc/client';
import type { AnyTRPCClientTypes } from '@trpc/server';
import type { AccessTokens } from './access-tokens.ts';
import { callLink, sendingOf } from './call-link.ts';
import { trpcFetch } from './http.ts';
import type { Settings } from './settings.ts';

/** The server takes 100; fewer spread over the connections that it has. */
const largestBatch = 50;

/** In characters: just below what the server takes, and above twice what is batched at all. */
const longestUrl = 8_000;

/** Queries made in one tick go as one request, each answered as soon as it is ready; mutations go alone. */
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
        // They differ by nothing but the access token, and the last one got the newest.
        headers: ({ opList }) => sendingOf((opList.at(-1) ?? opList[0]).context).headers,
      }),
      false: httpLink({ ...shared, headers: ({ op }) => sendingOf(op.context).headers }),
    }),
  ];
}
