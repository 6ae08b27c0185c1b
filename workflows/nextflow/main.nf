// Samples of a sheet through VirNucPro: split into shards, and merged.
include { VIRNUCPRO_PREDICT } from './modules/nf-core/virnucpro/predict/main'
include { VIRNUCPRO_MERGE   } from './modules/nf-core/virnucpro/merge/main'

workflow {
    if (!params.samples) {
        error("Name a tab-separated table with --samples: a header, and the columns sample, file and, optionally, file2.")
    }
    def bundle = params.bundle ? file(params.bundle, checkIfExists: true) : []
    def shards = channel.of(1..(params.shards as int))

    // Every part of every sample; the last value says how many parts to wait for.
    ch_samples = channel.fromPath(params.samples, checkIfExists: true)
        .splitCsv(header: true, sep: '\t')
        .map { row -> [[id: row.sample], [row.file, row.file2].findAll { name -> name }.collect { name -> file(name, checkIfExists: true) }] }
    ch_parts = ch_samples
        .combine(shards)
        .multiMap { meta, files, number ->
            sequences: [meta, files]
            shard: "${number}/${params.shards}"
        }

    VIRNUCPRO_PREDICT(ch_parts.sequences, bundle, ch_parts.shard)
    VIRNUCPRO_MERGE(VIRNUCPRO_PREDICT.out.run.groupTuple(size: params.shards as int))
}
