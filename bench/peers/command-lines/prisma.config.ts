import { defineConfig, env } from 'prisma/config';

export default defineConfig({
  schema: '../schema.prisma',
  migrations: { path: 'prisma' },
  datasource: { url: env('DATABASE_URL') },
});
