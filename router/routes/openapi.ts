import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv } from '../app-env.js';
import { docsPage } from '../pages/docs-page.js';
import { quireVersion } from '../quire-version.js';

/** `GET /openapi.json` and the reference page `GET /docs`, both from the schemas that validate. */
export function registerOpenApi(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of `server.apiKeys`; needed only where that is set.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'adminBearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of `server.adminKeys`; without any, the actions work from the machine itself.',
  });
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Quire',
        version: quireVersion(),
        description: 'Reads documents with PaddleOCR-VL on every GPU of a host.',
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'Documents', description: 'Reading images and PDFs.' },
        { name: 'PaddleX', description: 'As the pipeline server of PaddleOCR-VL speaks.' },
        { name: 'OpenAI', description: "As OpenAI's clients and the official `paddleocr` client speak." },
        { name: 'Health', description: 'Probes for balancers and orchestrators.' },
        { name: 'Operations', description: 'Devices and metrics, for operators.' },
      ],
    });
  app.get('/openapi.json', (c) => c.json(describe()));
  app.get('/docs', (c) => c.html(docsPage(describe() as Parameters<typeof docsPage>[0])));
}
