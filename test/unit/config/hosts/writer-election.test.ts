import { hostName, WriterElection } from '../../../../src/driver/writer-election';

const hosts = ['a', 'b', 'c'].map((host) => ({ host, port: 3306 }));

function election(answers: Record<string, string | null | Error>) {
  const asked: string[] = [];
  const made = new WriterElection(hosts, async ({ host }) => {
    asked.push(host);
    const answer = answers[host] ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { made, asked, answers };
}

/** Guards which host is asked when, and that a change of the writer is reported. */
describe('the election of the writer', () => {
  let warnings: jest.SpyInstance;
  beforeEach(() => {
    warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(() => warnings.mockRestore());

  it('takes the first host, asks it once for all waiting callers, and logs nothing', async () => {
    const { made, asked } = election({});
    const terms = await Promise.all([made.current(), made.current(), made.current()]);
    expect(new Set(terms).size).toBe(1);
    expect(asked).toEqual(['a']);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('skips a read-only host, and says so', async () => {
    const { made } = election({ a: 'it is read-only' });
    await made.current();
    expect(made.host.host).toBe('b');
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('a:3306: it is read-only'), {
      type: 'ProtectionFlowsWarning',
      code: 'WRITER_CHANGED',
    });
  });

  it('takes the next host after a failure, and asks the failed host last', async () => {
    const { made, asked, answers } = election({});
    const first = await made.current();
    Object.assign(answers, { b: 'no', c: 'no' });
    made.reject(first, 'it is down');
    made.reject(first, 'it is down');
    await made.current();
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('ignores a failure of a host that is no longer the writer', async () => {
    const { made } = election({});
    const first = await made.current();
    made.reject(first, 'it is down');
    const second = await made.current();
    made.reject(first, 'heard late');
    expect(await made.current()).toBe(second);
    expect(made.host.host).toBe('b');
  });

  it('fails with all hosts in the message, and can be repeated', async () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: 'a', port: 3306 });
    const { made, answers } = election({ a: refused, b: 'it is read-only', c: 'it is read-only' });
    await expect(made.current()).rejects.toMatchObject({
      code: 'NO_WRITABLE_HOST',
      message: expect.stringMatching(/a:3306: nothing accepts .*b:3306: it is .*c:3306/),
      details: {
        hosts: [
          { host: 'a:3306', code: 'CONNECTION_REFUSED' },
          { host: 'b:3306', code: null },
          { host: 'c:3306', code: null },
        ],
      },
    });
    answers.c = null;
    await made.current();
    expect(made.host.host).toBe('c');
  });

  it('writes an IPv6 address in brackets', () => {
    expect(hostName({ host: '::1', port: 3306 })).toBe('[::1]:3306');
  });
});
