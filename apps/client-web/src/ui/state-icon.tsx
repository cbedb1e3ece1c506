import type { StateIcon as StateIconName } from "@fedtune/figures";
import {
  ArrowUp,
  Ban,
  Check,
  Circle,
  CircleDashed,
  CirclePause,
  CircleStop,
  Clock3,
  Combine,
  Hourglass,
  LoaderCircle,
  LogOut,
  Mail,
  Minus,
  OctagonX,
  RotateCcw,
  ShieldOff,
  Unplug,
  Users,
  Wifi,
  WifiOff,
} from "lucide-react";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./state-icon.module.css";

const icons: Readonly<Record<StateIconName, Icon>> = {
  "arrow-up": ArrowUp,
  ban: Ban,
  check: Check,
  circle: Circle,
  "circle-dashed": CircleDashed,
  "circle-pause": CirclePause,
  "circle-stop": CircleStop,
  "clock-3": Clock3,
  combine: Combine,
  hourglass: Hourglass,
  "loader-circle": LoaderCircle,
  "log-out": LogOut,
  mail: Mail,
  minus: Minus,
  "octagon-x": OctagonX,
  "rotate-ccw": RotateCcw,
  "shield-off": ShieldOff,
  unplug: Unplug,
  users: Users,
  wifi: Wifi,
  "wifi-off": WifiOff,
};

/** Which state's icon, and how large. */
export interface StateIconProps {
  readonly icon: StateIconName;
  /** Default: 14 px, as in text. */
  readonly place?: keyof typeof iconSizes;
}

/** The icon of a state; decoration, since the state's word always stands beside it. */
export function StateIcon({ icon, place = "text" }: StateIconProps) {
  const Drawn = icons[icon];
  const turns = icon === "loader-circle" ? styles["turns"] : undefined;
  return <Drawn {...iconSizes[place]} className={turns} aria-hidden />;
}
