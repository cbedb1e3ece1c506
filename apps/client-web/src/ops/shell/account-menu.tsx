import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Keyboard, LogOut, Settings } from "lucide-react";
import type { ComponentProps } from "react";
import { useLocation } from "wouter";
import { useApi } from "../api/context.tsx";
import { signInPath } from "../api/return-path.ts";
import { useMe } from "../api/session.ts";
import { Menu } from "../../ui/menu.tsx";
import { words } from "../words.ts";
import { initialsOf, nameOf } from "./navigation.ts";
import { useShortcutList } from "./shortcuts.tsx";
import styles from "./account-menu.module.css";

/** Who is signed in, and how to leave. */
export function AccountMenu() {
  const api = useApi();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const name = nameOf(useMe());
  const list = useShortcutList().find(({ keys }) => keys === "?");
  const signOut = useMutation({
    mutationFn: () => api.signOut(),
    // What was read belongs to whoever was signed in, whether the server has heard of the end or not.
    onSettled: () => {
      queries.clear();
      navigate(signInPath);
    },
  });
  const items = [
    {
      label: words.nav.settings,
      icon: Settings,
      onSelect: () => {
        navigate("/settings");
      },
    },
    ...(list === undefined
      ? []
      : [{ label: words.nav.shortcuts, icon: Keyboard, detail: <kbd>?</kbd>, onSelect: list.run }]),
    {
      label: words.nav.signOut,
      icon: LogOut,
      onSelect: () => {
        signOut.mutate();
      },
    },
  ];
  return <Menu trigger={<Avatar name={name} />} items={items} />;
}

function Avatar({ name, ...button }: { readonly name: string } & ComponentProps<"button">) {
  return (
    <button
      {...button}
      type="button"
      className={styles["button"]}
      aria-label={`${words.nav.account}: ${words.signedInAs(name)}`}
    >
      {/* Not as text: the button is called what its label says. */}
      <span className={styles["avatar"]} data-initials={initialsOf(name)} />
    </button>
  );
}
