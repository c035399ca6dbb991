import type { ErrorFormat } from '../../app-env.js';
import type { FailureStatus } from '../../error-response.js';

/** OpenAI's envelope. `code` is ours, as everywhere; `type` is what its clients sort errors by. */
export const openAiErrorFormat: ErrorFormat = ({ status, code, message, param }) => ({
  error: { message, type: errorType(status), param: param ?? null, code },
});

function errorType(status: FailureStatus): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
