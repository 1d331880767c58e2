// Makes the fixtures in Arrow's and Parquet's formats, by their authors' libraries for JavaScript and Rust. Run by hand:
// npm install apache-arrow parquet-wasm; node make-tables.mjs

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as arrow from "apache-arrow";

const parquet = createRequire(import.meta.url)("parquet-wasm/node");
const { Table, vectorFromArray: vector } = arrow;

const batch = (first) =>
  new Table({
    f32: vector([first + 0.5, first + 1.5, first + 2.5], new arrow.Float32()),
    f64: vector([first / 3, null, 1e300], new arrow.Float64()),
    i32: vector([first, -2, 2147483647], new arrow.Int32()),
    i64: vector([BigInt(first), -9007199254740993n, 3n], new arrow.Int64()),
    u8: vector([0, 128, 255], new arrow.Uint8()),
    i8: vector([-128, 0, 127], new arrow.Int8()),
    u16: vector([0, 7, 65535], new arrow.Uint16()),
    u32: vector([0, 7, 4294967295], new arrow.Uint32()),
    u64: vector([0n, 7n, 18446744073709551615n], new arrow.Uint64()),
    i16: vector([-32768, 0, 32767], new arrow.Int16()),
    flag: vector([true, false, true], new arrow.Bool()),
    text: vector(["ä", "", "c\nd"], new arrow.Utf8()),
    gap: vector([1, null, 3], new arrow.Int32()),
    date: vector([new Date(0), new Date(1), new Date(2)], new arrow.DateMillisecond()),
  });

const table = batch(0).concat(batch(100));
const kinds = vector(["a", "b", "a"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()));
writeFileSync("dictionary.arrow", arrow.tableToIPC(new Table({ kind: kinds }), "file"));
writeFileSync("table.arrow", arrow.tableToIPC(table, "file"));
writeFileSync("table.arrows", arrow.tableToIPC(table, "stream"));

for (const [name, codec] of [["snappy", parquet.Compression.SNAPPY], ["zstd", parquet.Compression.ZSTD]]) {
  const properties = new parquet.WriterPropertiesBuilder().setCompression(codec).setMaxRowGroupSize(3).build();
  const plain = parquet.Table.fromIPCStream(arrow.tableToIPC(table, "stream"));
  writeFileSync(`${name}.parquet`, parquet.writeParquet(plain, properties));
}
