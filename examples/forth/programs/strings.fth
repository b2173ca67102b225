\ Texts are addresses and lengths; a buffer in memory builds them.

256 constant room
create buffer room allot
variable length

: clear ( -- )  0 length ! ;
: built ( -- addr n )  buffer length @ ;
: add ( addr n -- )
  dup length @ + room > abort" the buffer is full"
  tuck built + swap move  length +! ;
: add-char ( c -- )  built + c!  1 length +! ;

clear s" Hello" add ',' add-char bl add-char s" world" add '!' add-char
built type cr                          \ expect: Hello, world!
length @ 0 .r cr                       \ expect: 13

\ A number as digits, the last first, turned around.
: reverse ( addr n -- )
  over + 1-                            \ first last
  begin 2dup < while
    2dup over c@ over c@               \ first last first last c d
    swap rot c! swap c!
    1- swap 1+ swap
  repeat 2drop ;
: digits ( n -- )
  clear
  begin 10 /mod swap '0' + add-char ?dup 0= until
  built reverse ;
9876543210 digits built type cr        \ expect: 9876543210
built reverse built type cr            \ expect: 0123456789

: upper ( c -- c )  dup 'a' 'z' 1+ within if 32 - then ;
: shout ( addr n -- )  bounds ?do i c@ upper emit loop cr ;
s" no need to shout." shout            \ expect: NO NEED TO SHOUT.

: vowel? ( c -- flag )
  case
    'a' of true endof  'e' of true endof  'i' of true endof
    'o' of true endof  'u' of true endof
    false swap
  endcase ;
: vowels ( addr n -- count )  0 -rot bounds ?do i c@ vowel? if 1+ then loop ;
s" the quick brown fox" vowels 0 .r cr  \ expect: 5

: palindrome? ( addr n -- flag )
  over + 1-
  begin 2dup < while
    over c@ over c@ <> if 2drop false exit then
    1- swap 1+ swap
  repeat 2drop true ;
s" level" palindrome? 0 .r space s" forth" palindrome? 0 .r cr   \ expect: -1 0

\ Words by length, through execution tokens.
: each-word ( addr n token -- )
  >r
  begin dup while
    2dup 0 -rot bounds ?do i c@ bl = if leave then 1+ loop   \ addr n length
    >r over r@ r> r> dup >r swap >r execute                  \ the word, and what is to be done with it
    r@ - swap r> + swap                                      \ the rest
    dup if 1- swap 1+ swap then
  repeat 2drop r> drop ;
: show-word ( addr n -- )  dup 0 .r '/' emit type space ;
s" one three eleven" ' show-word each-word ." end" cr   \ expect: 3/one 5/three 6/eleven end

s" abc" s" abd" compare 0 .r space s" abc" s" abc" compare 0 .r cr   \ expect: -1 0
