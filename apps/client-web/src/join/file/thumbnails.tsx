import type { PicturesView } from "../model/file.ts";
import { SmallPicture } from "../parts/small-picture.tsx";
import { fileWords } from "../words/file.ts";
import styles from "./thumbnails.module.css";

/** Twice of what is shown. */
const SIDE = 160;

/** A few pictures of each label. */
export const Thumbnails = ({ pictures }: { readonly pictures: PicturesView }) => (
  <>
    <p className={styles["caption"]}>
      {pictures.caption}. {fileWords.previewNote}
    </p>
    <ul className={styles["pictures"]}>
      {pictures.shown.map(({ path, label, picture }) => (
        <li key={path}>
          <SmallPicture picture={picture} label={path} side={SIDE} className={styles["picture"]} />
          <span className={styles["label"]}>{label}</span>
        </li>
      ))}
    </ul>
  </>
);
