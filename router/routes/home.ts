import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { homePage } from '../pages/home-page.js';

/** `GET /`: a page to try the server with. */
export function registerHome(app: OpenAPIHono<AppEnv>, { pool, config }: RouteParts): void {
  app.get('/', (c) => c.html(homePage({ modelName: pool.model.name, needsKey: config.server.apiKeys.length > 0 })));
}
