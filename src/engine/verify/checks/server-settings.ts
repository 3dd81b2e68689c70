import { readServerSettings } from '../../server/server-settings';
import { noted, pass } from '../report';
import type { Check } from '../context';

/** The server is set to keep what it acknowledges and, in a Galera cluster, to show it at once. */
export const serverSettingsCheck: Check = {
  id: 'server-settings',
  async run({ session, server }) {
    const { safe, unsafe } = await readServerSettings(session, server);
    if (unsafe.length === 0) return pass(safe.join(', '));
    return noted(
      unsafe.map(({ message }) => message).join('; '),
      unsafe.map(({ remedy }) => remedy).join('\n'),
    );
  },
};
