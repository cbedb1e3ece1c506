import type { RequestHandler } from "express";

/** Answers a method that a path does not have. */
export function refuseMethod(methods: readonly string[]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return ({ method, path }, response) => {
    const message = `Cannot ${method} ${path.slice(0, 200)}: wanted ${allowed.join(" or ")}`;
    response.set("Allow", allowed.join(", "));
    response.status(405).json({ code: "usage", message, data: { allowed } });
  };
}
