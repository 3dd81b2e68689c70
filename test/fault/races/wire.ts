/**
 * The part of the client/server protocol that separates each statement, and its whole answer, from the next.
 *
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
const headerLength = 4;
const comQuery = 0x03;
const ok = 0x00;
const endOfFile = 0xfe;
const error = 0xff;
/** SERVER_MORE_RESULTS_EXISTS: another result of the same statement follows. */
const moreResults = 0x08;

/** Splits the bytes from a socket into packets, each with its header. */
export class PacketReader {
  private rest: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): Buffer[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const packets: Buffer[] = [];
    while (this.rest.length >= headerLength) {
      const end = headerLength + this.rest.readUIntLE(0, 3);
      if (this.rest.length < end) break;
      packets.push(this.rest.subarray(0, end));
      this.rest = this.rest.subarray(end);
    }
    return packets;
  }
}

function packet(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, payload]);
}

/** Where the text of a COM_QUERY begins. With CLIENT_QUERY_ATTRIBUTES two numbers precede it: 0 attributes, 1 set. */
const textStart = (query: Buffer): number =>
  headerLength + 1 + (query[headerLength + 1] === 0 && query[headerLength + 2] === 1 ? 2 : 0);

/** The text of a statement; null for another packet. */
export function statementIn(from: Buffer): string | null {
  const isQuery = from.readUInt8(3) === 0 && from[headerLength] === comQuery;
  return isQuery ? from.toString('utf8', textStart(from)) : null;
}

/** Makes a packet of the same form with another statement. */
export const withStatement = (like: Buffer, sql: string): Buffer =>
  packet(0, Buffer.concat([like.subarray(headerLength, textStart(like)), Buffer.from(sql)]));

/** Makes a server's error packet. */
export function errorAnswer(errno: number, state: string, message: string): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(error, 0);
  head.writeUInt16LE(errno, 1);
  return packet(1, Buffer.concat([head, Buffer.from(`#${state}${message}`)]));
}

/** The server's number of the connection, from its greeting packet. */
export function connectionIdIn(greeting: Buffer): number {
  const versionEnd = greeting.indexOf(0, headerLength + 1);
  return greeting.readUInt32LE(versionEnd + 1);
}

/** The length in bytes of a length-encoded number. */
function numberLength(from: Buffer, at: number): number {
  const first = from[at]!;
  return first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9;
}

function statusOf(okPacket: Buffer): number {
  const affected = headerLength + 1;
  const inserted = affected + numberLength(okPacket, affected);
  return okPacket.readUInt16LE(inserted + numberLength(okPacket, inserted));
}

/** Finds the end of an answer. It expects EOF packets, because mysql2 can't do without them. */
export class AnswerReader {
  private part: 'head' | 'columns' | 'rows' = 'head';

  /** True for the last packet of the answer. */
  ends(one: Buffer): boolean {
    const kind = one[headerLength];
    if (kind === error) return true;
    const isEnd = kind === endOfFile && one.length < headerLength + 9;
    if (this.part === 'head') {
      if (kind === ok) return (statusOf(one) & moreResults) === 0;
      this.part = 'columns';
    } else if (isEnd && this.part === 'columns') this.part = 'rows';
    else if (isEnd) {
      this.part = 'head';
      return (one.readUInt16LE(headerLength + 3) & moreResults) === 0;
    }
    return false;
  }
}
