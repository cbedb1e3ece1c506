/** The durable store of a coordinator over Postgres. */
export { PrismaClient } from "./generated/client.ts";
