import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import type { AppEnv, AppParts, RouteParts } from './app-env.js';
import { openAiErrorFormat } from './dialects/openai/openai-error.js';
import { paddlexErrorFormat } from './dialects/paddlex/envelope.js';
import { RouterError } from './errors.js';
import { describeIssues } from './input/describe-issues.js';
import { createUploadBudget } from './input/upload-budget.js';
import { accessLog } from './middleware/access-log.js';
import { adminAuth, userAuth } from './middleware/bearer-auth.js';
import { deadline } from './middleware/deadline.js';
import { errorFormat, quireErrorFormat } from './middleware/error-format.js';
import { failureHandler } from './middleware/failure-handler.js';
import { notFoundHandler } from './middleware/not-found-handler.js';
import { requestId } from './middleware/request-id.js';
import { pageContentPolicy } from './page/content-policy.js';
import { createQuietWarnings } from './quiet-warnings.js';
import { createReadingStore } from './readings/reading-store.js';
import { registerChatCompletions } from './routes/chat-completions.js';
import { registerDevices } from './routes/devices.js';
import { registerEngine } from './routes/engine.js';
import { registerHealth } from './routes/health.js';
import { registerJobs } from './routes/jobs.js';
import { registerLayoutParsing } from './routes/layout-parsing.js';
import { registerMetrics } from './routes/metrics.js';
import { registerModels } from './routes/models.js';
import { registerOpenApi } from './routes/openapi.js';
import { registerPaddlexHealth } from './routes/paddlex-health.js';
import { registerPage } from './routes/page.js';
import { registerParse } from './routes/parse.js';
import { registerRestructurePages } from './routes/restructure-pages.js';

/** `/docs` holds its style in itself and reaches nothing else; `/` has a stricter policy of its own. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
};

/** Routes of the dialects, whose failures come in their own envelopes. */
const openAiPaths = ['/v1/chat/*', '/v1/models', '/v1/models/*'];
const paddlexPaths = ['/layout-parsing', '/restructure-pages'];

/** The whole HTTP side as a function from request to response: middleware and routes in order. Opens no port. */
export function createApp(parts: AppParts): OpenAPIHono<AppEnv> {
  const { config, log, metrics } = parts;
  const routeParts: RouteParts = {
    ...parts,
    uploads: createUploadBudget(config.pool.maxHeldBytes),
    readings: createReadingStore(),
  };
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new RouterError('REQUEST_INVALID', describeIssues(result.error.issues));
    },
  });

  app.onError(failureHandler(log, createQuietWarnings(log)));
  app.notFound(notFoundHandler(app));
  app.use(requestId());
  app.use(accessLog(log, metrics.http));
  // Stands before the headers of all other answers, so that it has the last word on its own.
  app.use('/', pageContentPolicy());
  // HSTS is for whoever ends TLS; behind plain HTTP it would be ignored or wrong.
  app.use(secureHeaders({ strictTransportSecurity: false, contentSecurityPolicy, crossOriginResourcePolicy: false }));
  if (config.server.corsOrigins.length > 0) app.use(cors(corsOptions(config.server.corsOrigins)));
  app.use(errorFormat(quireErrorFormat));
  for (const path of openAiPaths) app.use(path, errorFormat(openAiErrorFormat));
  for (const path of paddlexPaths) app.use(path, errorFormat(paddlexErrorFormat()));
  app.use(deadline(config.server.requestTimeoutMs));
  for (const path of ['/v1/*', ...paddlexPaths]) app.use(path, userAuth(config.server));
  app.use('/devices', userAuth(config.server));
  app.use('/devices/:id/:action', adminAuth(config.server));

  registerParse(app, routeParts);
  registerJobs(app, routeParts);
  registerLayoutParsing(app, routeParts);
  registerRestructurePages(app, routeParts);
  registerChatCompletions(app, routeParts);
  registerModels(app, routeParts);
  registerEngine(app, routeParts);
  registerHealth(app, routeParts);
  registerPaddlexHealth(app, routeParts);
  registerMetrics(app, routeParts);
  registerDevices(app, routeParts);
  registerPage(app, routeParts);
  registerOpenApi(app);
  return app;
}

function corsOptions(origins: readonly string[]): Parameters<typeof cors>[0] {
  return {
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: [
      'X-Request-Id',
      'X-Failed-Blocks',
      'Retry-After',
      'Server-Timing',
      'X-Ignored-Parameters',
      'Idempotency-Replayed',
      'Location',
    ],
    maxAge: 3600,
  };
}
