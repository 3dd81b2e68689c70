import type { ConnectionSettings } from './connection-settings';

const mask = '***';

/** Percent-encoding as people and programs write it: encodeURIComponent leaves !'()* alone, others do not. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function formsOf(secret: string): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  // A lone surrogate has no percent-encoded form.
  if (!/\p{Surrogate}/u.test(secret)) {
    const encoded = [encodeURIComponent(secret), encodeStrictly(secret)];
    forms.push(
      ...encoded,
      ...encoded.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (c) => c.toLowerCase())),
    );
  }
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

/** A word as short as this may be part of others: masking it there would spell it out. */
const shortWord = /^[\p{L}\p{N}]{1,8}$/u;

function masked(text: string, form: string): string {
  if (!shortWord.test(form)) return text.replaceAll(form, mask);
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${form}(?![\\p{L}\\p{N}])`, 'gu'), mask);
}

/**
 * `text` without the password of `settings`, as it is, as JSON writes it and percent-encoded. The private key of a
 * client certificate goes the same way. A word of up to eight letters goes only where it stands alone.
 */
export function redact(text: string, settings: Pick<ConnectionSettings, 'password' | 'ssl'>): string {
  const secrets = [settings.password, settings.ssl?.key ?? ''].filter((secret) => secret !== '');
  return secrets.flatMap(formsOf).reduce(masked, text);
}
