import { Moon, Sun } from "lucide-react";
import { chooseTheme, useTheme } from "../design/theme.ts";
import { IconButton } from "./icon-button.tsx";

/** Turns to the other theme and keeps it. */
export function ThemeSwitch() {
  const other = useTheme() === "dark" ? "light" : "dark";
  return (
    <IconButton
      label={other === "dark" ? "Dark theme" : "Light theme"}
      icon={other === "dark" ? Moon : Sun}
      onClick={() => chooseTheme(other)}
    />
  );
}
