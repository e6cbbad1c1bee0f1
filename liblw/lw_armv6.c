/*
 * lw_armv6.c - for ARMv6 alone: what libgcc would otherwise bring.
 *
 * Debian's arm-linux-gnueabihf is ARMv7: a routine of its libgcc in the library would be an illegal
 * instruction on a Pi Zero W.  The library is linked without it, and ARMv6 cannot divide: only the
 * making of a pool does.
 */
#include <stdint.h>

uint32_t __aeabi_uidiv(uint32_t n, uint32_t by);

/* One bit of the quotient in each turn, as on paper. */
uint32_t __aeabi_uidiv(uint32_t n, uint32_t by)
{
	uint32_t quotient = 0;
	uint64_t left = 0;
	for (int bit = 31; bit >= 0; bit--) {
		left = left << 1 | (n >> bit & 1);
		if (left >= by) {
			left -= by;
			quotient |= (uint32_t)1 << bit;
		}
	}
	return quotient;
}
