import { runScript, say } from './lib/fault.mjs';
import { runQuietly } from './lib/run.mjs';

/** npm's answer about what this package is installed with: its dependencies, and its peer dependencies as they are here. */
async function ask() {
  const { output } = await runQuietly('npm', ['audit', '--omit=dev', '--json', '--loglevel=silent']);
  try {
    return JSON.parse(output);
  } catch {
    return { message: output || 'npm printed nothing' };
  }
}

/** Tells which packages have known vulnerabilities, and fails where one has; a registry that does not answer is no failure. */
await runScript(async () => {
  const { vulnerabilities, message, error } = await ask();
  if (vulnerabilities === undefined) {
    say(
      `the registry did not answer, so nothing is known of vulnerabilities: ${error?.summary || message || 'it said nothing'}`,
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
