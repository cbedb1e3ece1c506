import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { UseMutationResult } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { useApi } from "../api/context.tsx";
import { wantedPath } from "../api/return-path.ts";
import { meQuery } from "../api/session.ts";
import type { Credentials } from "./sign-in-model.ts";

/** Signs in after `before` is done, and goes to the page that was wanted. */
export function useSignIn<Form extends Credentials>(
  before: (form: Form) => Promise<unknown>,
): UseMutationResult<unknown, Error, Form> {
  const api = useApi();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: async (form: Form) => {
      await before(form);
      await api.signIn({ body: { name: form.name.trim(), password: form.password } });
      await queries.query({ ...meQuery(api), staleTime: 0 });
    },
    onSuccess: () => {
      navigate(wantedPath(location.search), { replace: true });
    },
  });
}
