/*
 * lw_armv6.c - for ARMv6 alone: what libgcc and the static part of libc would otherwise bring.
 *
 * Debian's arm-linux-gnueabihf is ARMv7: a routine of its archives in the library would be an illegal
 * instruction on a Pi Zero W.  The library is linked without them; of what is here the linker keeps
 * what is called.  Nothing of it is on the path of a malloc or free that finds what it looks for.
 */
#include <stddef.h>
#include <stdint.h>

extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *library);

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __ctzdi2(uint64_t bits);
uint64_t lw_divide(uint64_t n, uint64_t by, uint64_t *rest);
uint32_t __aeabi_uidiv(uint32_t n, uint32_t by);
uint64_t __aeabi_uidivmod(uint32_t n, uint32_t by);
void __aeabi_uldivmod(void);

/* The library stays loaded for ever: nobody asks whose handlers these are. */
int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	return __register_atfork(prepare, parent, child, NULL);
}

int __ctzdi2(uint64_t bits)
{
	return (uint32_t)bits ? __builtin_ctz((uint32_t)bits) : 32 + __builtin_ctz(bits >> 32);
}

/* One bit of the quotient in each turn, as on paper. */
uint64_t lw_divide(uint64_t n, uint64_t by, uint64_t *rest)
{
	uint64_t quotient = 0, left = 0;
	for (int bit = 63; bit >= 0; bit--) {
		left = left << 1 | (n >> bit & 1);
		if (left >= by) {
			left -= by;
			quotient |= (uint64_t)1 << bit;
		}
	}
	*rest = left;
	return quotient;
}

uint32_t __aeabi_uidiv(uint32_t n, uint32_t by)
{
	uint64_t rest;
	return (uint32_t)lw_divide(n, by, &rest);
}

/* The quotient in r0, the rest in r1. */
uint64_t __aeabi_uidivmod(uint32_t n, uint32_t by)
{
	uint64_t rest, quotient = lw_divide(n, by, &rest);
	return rest << 32 | quotient;
}

/* The quotient in r0 and r1, the rest in r2 and r3: no function of C returns that. */
__attribute__((naked)) void __aeabi_uldivmod(void)
{
	__asm__("push {r4, lr}\n\t"
	        "sub sp, sp, #16\n\t"
	        "add r4, sp, #8\n\t"
	        "str r4, [sp]\n\t"
	        "bl lw_divide\n\t"
	        "ldrd r2, r3, [sp, #8]\n\t"
	        "add sp, sp, #16\n\t"
	        "pop {r4, pc}");
}
