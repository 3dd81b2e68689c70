import type { UnsafeSetting } from '../../server/server-settings';
import type { Finding } from '../finding';

/** A setting of the server that weakens what is promised of rows; no migrate minds it. */
export const serverSettingUnsafe = (settings: readonly UnsafeSetting[]): Finding[] =>
  settings.map(({ name, value, wanted, message, remedy }) => ({
    code: 'SERVER_SETTING_UNSAFE',
    effect: 'noted',
    table: null,
    key: null,
    message,
    remedy,
    details: { setting: name, value, wanted },
  }));
