-- AlterTable
ALTER TABLE "updates" ADD COLUMN     "base" INTEGER;
