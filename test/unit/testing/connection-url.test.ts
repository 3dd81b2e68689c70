import { connectionUrl, serverOf } from '../../../src/testing/connection-url';

// Without brackets around an IPv6 address the URL is invalid; with them, the driver looks for a host of that name.
describe('the URL of a server', () => {
  it.each(['localhost', '127.0.0.1', '::1', '2001:db8::7'])('names %s, and is parsed back', (host) => {
    const address = { host, port: 3307, username: 'a@b', password: 'p/w#%' };
    expect(serverOf(connectionUrl(address, 'a b'))).toEqual(address);
  });
});
