import { Compass } from "lucide-react";
import { Empty } from "../../ui/empty.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { homePath } from "../api/return-path.ts";
import { words } from "../words.ts";
import { PageHead } from "./page-head.tsx";

/** An address that shows nothing. */
export function NotFound() {
  const { title, text, action } = words.notFound;
  return (
    <>
      <PageHead title={title} />
      <Empty
        icon={Compass}
        title={location.pathname}
        action={<LinkButton href={homePath}>{action}</LinkButton>}
      >
        {text}
      </Empty>
    </>
  );
}
