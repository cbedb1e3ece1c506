import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./button.module.css";

interface ButtonShape {
  /**
   * `solid`: the one main action; `danger`: cannot be undone; `link`: inside of a sentence, as the fix in an error. Default:
   * `outline`.
   */
  readonly kind?: "solid" | "outline" | "quiet" | "danger" | "link" | undefined;
  /** `big`: the main action of a step, 48 px; `small`: inside of cards and notes, 28 px. */
  readonly size?: "small" | "normal" | "big" | undefined;
  /** As wide as its place. */
  readonly isWide?: boolean | undefined;
}

/** How a button looks; one solid button per view. */
export interface ButtonLook extends ButtonShape {
  /** Before the words. */
  readonly icon?: Icon | undefined;
  /** After the words. */
  readonly iconEnd?: Icon | undefined;
  readonly children: ReactNode;
}

/** A button: its look, and whatever a native button takes. */
export interface ButtonProps extends ButtonLook, Omit<ComponentProps<"button">, "children"> {
  /** Its action is under way: it shows so and does nothing. */
  readonly isBusy?: boolean;
}

/** A link that looks like a button; a route of this app, or with `download` a file. */
export interface LinkButtonProps extends ButtonLook, Omit<ComponentProps<"a">, "children"> {
  readonly href: string;
}

function lookOf({ kind = "outline", size = "normal", isWide = false }: ButtonShape): string {
  return classes(styles["button"], styles[kind], styles[size], isWide && styles["wide"]);
}

function IconAt({ icon: Drawn }: { readonly icon: Icon | undefined }) {
  return Drawn === undefined ? null : <Drawn {...iconSizes.button} aria-hidden />;
}

/** A button. The label is a verb and says what happens. */
export function Button(props: ButtonProps) {
  const { kind, size, icon, iconEnd, isWide, isBusy = false, className, ...rest } = props;
  const { children, onClick, type = "button", ...native } = rest;
  const look = lookOf({ kind, size, isWide });
  return (
    <button
      {...native}
      type={type}
      className={classes(look, className)}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    >
      {isBusy ? (
        <LoaderCircle {...iconSizes.button} className={styles["turning"]} aria-hidden />
      ) : (
        <IconAt icon={icon} />
      )}
      {children}
      <IconAt icon={iconEnd} />
    </button>
  );
}

/** A link with the look of a button. */
export function LinkButton(props: LinkButtonProps) {
  const { kind, size, icon, iconEnd, isWide, className, href, ...rest } = props;
  const { children, ...native } = rest;
  const all = { ...native, href, className: classes(lookOf({ kind, size, isWide }), className) };
  const content = (
    <>
      <IconAt icon={icon} />
      {children}
      <IconAt icon={iconEnd} />
    </>
  );
  const leavesApp =
    native.download !== undefined || native.target !== undefined || !href.startsWith("/");
  return leavesApp ? <a {...all}>{content}</a> : <Link {...all}>{content}</Link>;
}
