# The table over all samples in the form that MultiQC takes as a part of its general statistics.
import sys

HEADER = """# id: virnucpro_samples
# plot_type: generalstats
# headers:
#   records: {title: Records, description: Sequences of the input, format: "{:,d}", scale: Blues}
#   viral_records: {title: Viral, description: Sequences that are called viral, format: "{:,d}", scale: Reds}
#   viral_share: {title: "% viral", description: Share of the scored sequences that are called viral, suffix: "%", min: 0, max: 100}
"""


def main():
    with open(snakemake.log[0], "w", encoding="utf-8") as log:
        sys.stderr = log
        with open(snakemake.input[0], encoding="utf-8") as table:
            names = table.readline().rstrip("\n").split("\t")
            rows = [dict(zip(names, line.rstrip("\n").split("\t"), strict=True)) for line in table]
        with open(snakemake.output[0], "w", encoding="utf-8") as content:
            content.write(HEADER)
            print("Sample", "records", "viral_records", "viral_share", sep="\t", file=content)
            for row in rows:
                scored, viral = int(row["scored_records"]), int(row["viral_records"])
                share = 100.0 * viral / scored if scored > 0 else 0.0
                print(row["sample"], row["records"], viral, f"{share:.2f}", sep="\t", file=content)


main()
