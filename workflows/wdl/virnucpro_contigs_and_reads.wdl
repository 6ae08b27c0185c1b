version 1.0

import "tasks_virnucpro.wdl" as tasks

# Contigs are classified, and reads that were aligned to them get the calls of their contigs.
workflow virnucpro_contigs_and_reads {
  input {
    Array[File]+ contigs
    File?        aligned_reads
    Boolean      use_gpu = true
    String       docker = "virnucpro:latest"
  }

  call tasks.virnucpro {
    input:
      sequences = contigs,
      use_gpu = use_gpu,
      docker = docker
  }

  if (defined(aligned_reads)) {
    call tasks.virnucpro_label_reads {
      input:
        aligned = select_first([aligned_reads]),
        contig_classifications_tsv = virnucpro.contig_classifications_tsv,
        docker = docker
    }
  }

  output {
    File   predictions_tsv            = virnucpro.predictions_tsv
    File   highestscore_tsv           = virnucpro.highestscore_tsv
    File   contig_classifications_tsv = virnucpro.contig_classifications_tsv
    File   viral_fasta                = virnucpro.viral_fasta
    File?  read_classifications_tsv   = virnucpro_label_reads.read_classifications_tsv
    String virnucpro_version          = virnucpro.virnucpro_version
  }
}
