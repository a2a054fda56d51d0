// Stand-in for libcuda.so.1: only its name is needed, to satisfy the loader.
int cuInit(unsigned flags) { (void)flags; return 0; }
