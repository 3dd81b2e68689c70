import { ProtectionFlowsError } from '../protection-flows-error';
import type { Mapping } from './failure';

const grouped = (count: number): string => count.toLocaleString('en-US');

/** The error for a statement that was not sent, as it has more bytes than the session's max_allowed_packet. */
export function statementTooLarge(bytes: number, maxBytes: number): ProtectionFlowsError {
  return new ProtectionFlowsError('STATEMENT_TOO_LARGE', {
    message: `the statement has ${grouped(bytes)} bytes, and the server takes fewer than ${grouped(maxBytes)} (max_allowed_packet)`,
    remedy,
    details: { bytes, maxBytes },
  });
}

const remedy =
  'Send less at once; or let an administrator raise max_allowed_packet (SET GLOBAL), which new connections then have.';

/** 1153: the server has read that much, answered, and closed the connection. */
export const packetTooLarge: Mapping = ({ error, cause }) => {
  const { sql, query } = error;
  const bytes = sql === undefined || sql === query ? undefined : Buffer.byteLength(sql);
  return new ProtectionFlowsError('STATEMENT_TOO_LARGE', {
    message: 'the statement has more bytes than the server takes (max_allowed_packet)',
    consequence:
      'The statement had no effect. The server closed the connection, which undid a transaction that was open.',
    remedy,
    details: { bytes },
    cause,
  });
};
