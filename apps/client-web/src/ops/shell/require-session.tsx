import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Redirect } from "wouter";
import { useApi } from "../api/context.tsx";
import { signInAddress } from "../api/return-path.ts";
import { meQuery } from "../api/session.ts";
import { LoadError } from "./load-error.tsx";
import { Loading } from "./loading.tsx";

/** Shows pages to those who are signed in, and leads all others to the sign-in page and back. */
export function RequireSession({ children }: { readonly children: ReactNode }) {
  const { data: me, error, refetch } = useQuery(meQuery(useApi()));
  if (me === null) {
    const { pathname, search, hash } = location;
    return <Redirect to={signInAddress(pathname + search + hash)} replace />;
  }
  if (me !== undefined) return children;
  if (error === null) return <Loading />;
  return (
    <LoadError title="Could not reach the server" error={error} onRetry={() => void refetch()} />
  );
}
