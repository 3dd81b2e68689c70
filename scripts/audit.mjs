import { runScript, say } from './lib/fault.mjs';
import { runQuietly } from './lib/run.mjs';

/** Asks npm about this package's dependencies, and its peer dependencies as they are installed here. */
async function ask() {
  const { output } = await runQuietly('npm', ['audit', '--omit=dev', '--json', '--loglevel=silent']);
  try {
    return JSON.parse(output);
  } catch {
    return { message: output || 'npm printed nothing' };
  }
}

/** Prints which packages have known vulnerabilities, and fails if one has; not if the registry does not answer. */
await runScript(async () => {
  const { vulnerabilities, message, error } = await ask();
  if (vulnerabilities === undefined) {
    say(
      `vulnerabilities are unknown, because the registry did not answer: ${error?.summary || message || 'it said nothing'}`,
    );
    return 0;
  }
  const found = Object.values(vulnerabilities);
  for (const { name, severity, via } of found) {
    const causes = via.map((cause) => (cause.title ? `${cause.title}, ${cause.url}` : `because of ${cause}`));
    say(`${severity}: ${name}: ${causes.join('; ')}`);
  }
  say(`${found.length} packages with known vulnerabilities`);
  return found.length === 0 ? 0 : 1;
});
