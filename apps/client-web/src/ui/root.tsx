import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import type { ReactNode } from "react";
import "../design/tokens.css";
import "../design/base.css";
import { Announcer } from "./announcer.tsx";
import { Notices } from "./notices.tsx";

/** What stands around every page. */
export interface RootProps {
  readonly children: ReactNode;
}

/** Around both apps: tokens and typefaces, no inline styles from the library, one live region, one place for confirmations. */
export const Root = ({ children }: RootProps) => (
  <CSPProvider disableStyleElements>
    <Tooltip.Provider delay={400}>
      <Announcer>
        <Notices>{children}</Notices>
      </Announcer>
    </Tooltip.Provider>
  </CSPProvider>
);
