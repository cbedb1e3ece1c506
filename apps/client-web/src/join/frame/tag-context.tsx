import { createContext, use, type ReactNode } from "react";

const TagContext = createContext<string | undefined>(undefined);

/** What is said beside the theme switch, if anything. */
export const useTag = (): string | undefined => use(TagContext);

/** Says on every page that what is shown is not the real thing. */
export const TagProvider = (props: {
  readonly tag: string | undefined;
  readonly children: ReactNode;
}) => <TagContext value={props.tag}>{props.children}</TagContext>;
