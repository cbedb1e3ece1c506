/** The HTTP API of a coordinator as data: one table, and the client that is derived from it. */
export { createApiClient } from "./client.ts";
export type { ApiClient, ApiClientOptions, CallOptions } from "./client.ts";
export { errorAnswer } from "./errors.ts";
export { eventText, keepAlive } from "./event-stream.ts";
export type { FollowOptions } from "./follow.ts";
export {
  followAnswer,
  followRequest,
  liveEnd,
  liveEvent,
  liveNamespace,
  maxFollowed,
  unfollowRequest,
} from "./live.ts";
export type { FollowAnswer, FollowRequest, LiveEnd, LiveEvent } from "./live.ts";
export type { Fetch, FetchRequest, FetchResponse } from "./platform.ts";
export { modelFilePath } from "./resources/invitation.ts";
export { apiBase } from "./route.ts";
export type {
  Access,
  Answer,
  BytesAnswer,
  Immutable,
  Route,
  RouteCall,
  RouteInput,
  RouteOutput,
  RouteTable,
} from "./route.ts";
export { routes } from "./routes.ts";
export type {
  AccountRoute,
  CallOf,
  ClientRoute,
  HistoryRoute,
  InvitationRoute,
  ItemOf,
  OutputOf,
  Page,
  PageQuery,
  RouteName,
  Routes,
  RunRoute,
  ServerRoute,
  SetupRoute,
} from "./routes.ts";
export { scopes } from "./scopes.ts";
export type { Scope } from "./scopes.ts";
