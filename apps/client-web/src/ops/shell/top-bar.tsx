import { lazy, Suspense } from "react";
import { Menu as MenuIcon } from "lucide-react";
import { Link, useLocation } from "wouter";
import { useMe } from "../api/session.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { Mark } from "../../ui/mark.tsx";
import { Menu } from "../../ui/menu.tsx";
import { ThemeSwitch } from "../../ui/theme-switch.tsx";
import { words } from "../words.ts";
import { AccountMenu } from "./account-menu.tsx";
import { destinationsFor, isWithin } from "./navigation.ts";
import type { Destination } from "./navigation.ts";
import styles from "./top-bar.module.css";

const Connection = lazy(async () => {
  const { ConnectionPill } = await import("./connection-pill.tsx");
  return { default: ConnectionPill };
});

/** The bar at the top of every page. */
export function TopBar() {
  const [path] = useLocation();
  const destinations = destinationsFor(useMe());
  return (
    <header className={styles["bar"]}>
      <PhoneMenu destinations={destinations} />
      <Link href="/runs" className={styles["home"]} aria-label="fedtune, runs">
        <Mark />
      </Link>
      <nav aria-label={words.nav.label} className={styles["nav"]}>
        {destinations.map((destination) => (
          <Link
            key={destination.href}
            href={destination.href}
            className={styles["link"]}
            aria-current={isWithin(path, destination) ? "page" : undefined}
          >
            {destination.title}
          </Link>
        ))}
      </nav>
      <div className={styles["end"]}>
        <Suspense fallback={null}>
          <Connection />
        </Suspense>
        <ThemeSwitch />
        <AccountMenu />
      </div>
    </header>
  );
}

function PhoneMenu({ destinations }: { readonly destinations: readonly Destination[] }) {
  const [, navigate] = useLocation();
  const items = destinations.map(({ href, title }) => ({
    label: title,
    onSelect: () => {
      navigate(href);
    },
  }));
  return (
    <div className={styles["phone"]}>
      <Menu
        align="start"
        trigger={<IconButton label={words.nav.menu} icon={MenuIcon} />}
        items={items}
      />
    </div>
  );
}
