import {
  ERRNO_EADDRINUSE,
  ERRNO_ECONNABORTED,
  ERRNO_ECONNREFUSED,
  ERRNO_ENOBUFS,
  ERRNO_ENOMEM,
} from '../build/generated/layouts.js';

/** Describes an error of a connection to a port, or of a listener. */
export function portError(errno: number, port: number): string {
  switch (errno) {
    case ERRNO_ECONNREFUSED:
      return `nothing listens on port ${port}`;
    case ERRNO_ENOBUFS:
      return 'too many connections';
    case ERRNO_ENOMEM:
      return 'the kernel has no memory left';
    case ERRNO_ECONNABORTED:
      return `port ${port} was closed`;
    case ERRNO_EADDRINUSE:
      return `port ${port} is already in use`;
    default:
      return `port ${port}`;
  }
}
