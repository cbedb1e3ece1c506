/** Every building block and chart on one page, for screenshots and for axe; never shipped. */
import { createRoot } from "react-dom/client";
import { Root } from "../../ui/root.tsx";
import { Gallery } from "./gallery.tsx";

const place = document.getElementById("root");
if (place !== null) {
  createRoot(place).render(
    <Root>
      <Gallery />
    </Root>,
  );
}
