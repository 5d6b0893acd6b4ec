/** `--tcplisten`: real TCP ports, each connected to a socket on which the guest listens. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { asError, HoldfastError } from '../errors.js';
import type { Holdfast } from '../holdfast.js';
import type { Connection } from '../sockets.js';
import { write } from './stdio.js';

export interface TcpAddress {
  host: string;
  /** 0 picks a free port, which is reported on standard error. */
  port: number;
}

/** How long the output of an ended program may take to reach a client that does not read, in milliseconds. */
const LINGER_TIME = 5000;

const ignore = (): void => undefined;

interface Listening {
  server: Server;
  /** Clients that connected before the guest ran. */
  early: Socket[];
  take: (client: Socket) => void;
}

/** The TCP listeners, from before the guest runs until it has ended. */
export class TcpListeners {
  readonly #listening: Listening[] = [];
  readonly #clients = new Map<Socket, Promise<void>>();

  /** Binds all addresses. Throws `HoldfastError`. */
  async open(addresses: readonly TcpAddress[], say: (text: string) => void): Promise<void> {
    if (addresses.length === 0) return; // most programs need no network, which takes time to load
    const { createServer } = await import('node:net');
    for (const address of addresses) {
      const early: Socket[] = [];
      const listening: Listening = { server: createServer(OPTIONS), early, take: (client) => void early.push(client) };
      this.#listening.push(listening);
      listening.server.on('connection', (client) => listening.take(client));
      await bind(listening.server, address);
      if (address.port === 0) say(`listening on ${inWords(listening.server.address() as AddressInfo)}`);
    }
  }

  /** The guest runs, and listens on these ports, in the order of the addresses. */
  serve(hf: Holdfast, ports: readonly number[]): void {
    this.#listening.forEach((listening, i) => {
      listening.take = (client) => this.#join(hf, ports[i] as number, client);
      for (const client of listening.early.splice(0)) listening.take(client);
    });
  }

  /** The guest has ended: delivers its remaining output, then ends all connections. */
  async close(): Promise<void> {
    for (const { server, early } of this.#listening) {
      server.close();
      for (const client of early) client.destroy();
    }
    const late = setTimeout(() => this.#destroy(), LINGER_TIME);
    await Promise.all(this.#clients.values());
    clearTimeout(late);
    this.#destroy();
  }

  #destroy(): void {
    for (const client of this.#clients.keys()) client.destroy();
  }

  #join(hf: Holdfast, port: number, client: Socket): void {
    client.on('error', ignore); // its streams report errors
    const sent = hf.connect(port).then(
      (connection) => {
        void upload(client, connection);
        return download(connection, client);
      },
      () => void client.resetAndDestroy(), // the guest no longer listens, or there are too many connections
    );
    this.#clients.set(client, sent);
    client.once('close', () => this.#clients.delete(client));
  }
}

/** Each direction ends separately, as with the guest's sockets. */
const OPTIONS = { allowHalfOpen: true, pauseOnConnect: true } as const;

function bind(server: Server, { host, port }: TcpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new HoldfastError(`--tcplisten: ${error.message}`, { cause: error })));
    server.listen(port, host, resolve);
  });
}

const inWords = ({ address, family, port }: AddressInfo): string =>
  family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;

/** Client to guest, until the client ends it. */
async function upload(client: Socket, connection: Connection): Promise<void> {
  const writer = connection.writable.getWriter();
  try {
    for await (const chunk of client.iterator({ destroyOnReturn: false })) await writer.write(chunk as Buffer);
    await writer.close();
  } catch (error) {
    await writer.abort(asError(error)).catch(ignore); // the client reset the connection, or the guest no longer reads
    client.resume(); // discards further data, but notices its end
  }
}

/** Guest to client, until the guest ends it; resolves when the client has everything. */
async function download(connection: Connection, client: Socket): Promise<void> {
  const reader = connection.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      await write(client, value);
    }
    await new Promise<void>((resolve) => client.once('close', resolve).end(resolve));
  } catch {
    client.resetAndDestroy();
    await reader.cancel().catch(ignore);
  }
}
