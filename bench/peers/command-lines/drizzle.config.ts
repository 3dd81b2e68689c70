import { resolve } from 'node:path';
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'mysql',
  out: resolve(__dirname, 'drizzle'),
  dbCredentials: { url: process.env.DATABASE_URL ?? '' },
});
