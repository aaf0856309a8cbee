import { capitalized } from '@tenon/core';
import type { ApiError } from './errors.ts';

/** One wrong field. */
export interface ProblemField {
  /** A JSON Pointer that begins with `/body`, `/query`, `/path` or `/header`. */
  path: string;
  /** zod's issue code. */
  code: string;
  message: string;
}

/** Why the caller is refused although a role gives them the permission. */
interface ProblemConstraint {
  kind: string;
  allowedAgainAt?: string | null;
  timezone?: string;
}

/** How to finish a sign-in that needs a second factor. */
interface ProblemChallenge {
  token: string;
  methods: string[];
  expiresAt: string;
}

/** The body of every error (RFC 9457). Over tRPC it is `error.data.problem`. */
export interface Problem {
  /** `urn:tenon:problem:<code>` */
  type: string;
  /** The path of the page about the code on this server. */
  docs: string;
  title: string;
  status: number;
  detail: string;
  /** The path of the request. */
  instance: string;
  /** Stable, so programs can rely on it. */
  code: string;
  requestId: string;
  errors?: ProblemField[];
  permission?: string;
  grantedBy?: string[];
  constraint?: ProblemConstraint;
  limit?: string;
  max?: number;
  challenge?: ProblemChallenge;
}

/** The request in which an error occurred. */
export interface Occurrence {
  /** The URL of the request. The problem repeats it without the query. */
  url: string;
  requestId: string;
}

/** The path of the page that explains a code. */
export const problemPage = (code: string): string => `/problems/${code}`;

export const titleOf = (code: string): string => capitalized(code.replaceAll('_', ' '));

/** The URL without its query. */
export const pathOf = (url: string): string => {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
};

export function toProblem(error: ApiError, { url, requestId }: Occurrence): Problem {
  const { errors, permission, grantedBy, constraint, limit, max, challenge } = error.details;
  return {
    type: `urn:tenon:problem:${error.problem}`,
    docs: problemPage(error.problem),
    title: titleOf(error.problem),
    status: error.status,
    detail: error.message,
    instance: pathOf(url),
    code: error.problem,
    requestId,
    ...(errors && { errors }),
    ...(permission !== undefined && { permission }),
    ...(grantedBy && { grantedBy }),
    ...(constraint && { constraint }),
    ...(limit !== undefined && { limit }),
    ...(max !== undefined && { max }),
    ...(challenge && { challenge }),
  };
}

/** The headers that HTTP requires with an error. */
export function problemHeaders(error: ApiError): Record<string, string> {
  const headers: Record<string, string> = { ...error.headers };
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  if (error.details.retryAfter !== undefined) headers['retry-after'] = String(Math.ceil(error.details.retryAfter));
  return headers;
}
