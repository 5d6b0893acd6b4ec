/** HTTP of components. This file is loaded with the first program that has the option `http`, or with the first server. */
export { openHttp, type HttpOption, type HttpOptions, type HttpService } from './http-service.js';
export { serve } from './serve.js';
