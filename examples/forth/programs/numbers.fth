\ Greatest common divisors, factorials, roots, Collatz: loops of every kind.

: gcd ( a b -- gcd )  begin ?dup while swap over mod repeat ;
48 36 gcd 0 .r cr              \ expect: 12
1071 462 gcd 0 .r cr           \ expect: 21
: lcm ( a b -- lcm )  2dup gcd */ ;
: lcm-up-to ( n -- lcm )  1 swap 1+ 1 ?do i lcm loop ;
20 lcm-up-to 0 .r cr           \ expect: 232792560

: factorial ( n -- n! )  dup 1 > if dup 1- recurse * else drop 1 then ;
20 factorial 0 .r cr           \ expect: 2432902008176640000
0 factorial 0 .r cr            \ expect: 1

: power ( a n -- a^n )
  1 -rot
  begin dup while                  \ result a n
    dup 1 and if >r tuck * swap r> then
    2/ swap dup * swap
  repeat 2drop ;
3 13 power 0 .r cr             \ expect: 1594323
2 62 power 0 .r cr             \ expect: 4611686018427387904

: half  2/ ;
: triple  3 * 1+ ;
: collatz ( n -- steps )
  0 swap
  begin
    dup 1 <> while
    dup 1 and if triple else half then
    swap 1+ swap
  repeat drop ;
27 collatz 0 .r cr             \ expect: 111

variable best
variable at
: longest ( limit -- n )
  0 best !
  1 do
    i collatz dup best @ > if best ! i at ! else drop then
  loop at @ ;
1000 longest 0 .r space best @ 0 .r cr   \ expect: 871 178

: digits ( n -- sum )
  0 swap begin
    10 /mod swap rot + swap
  ?dup 0= until ;
98765 digits 0 .r cr           \ expect: 35
10 sqrt 0 .r cr                \ expect: 3

\ Division goes towards minus infinity.
-7 2 / 0 .r space -7 2 mod 0 .r space 7 -2 / 0 .r space 7 -2 mod 0 .r cr   \ expect: -4 1 -4 -1
