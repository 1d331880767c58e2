#!/bin/sh
# Makes the videos beside this script, and their frames as FFmpeg itself decodes them (red, green and blue bytes): sh make.sh
set -e
cd "$(dirname "$0")"
ffmpeg -v error -y -f lavfi -i testsrc2=size=48x32:rate=10:duration=1.2 -pix_fmt bgr0 -c:v ffv1 -level 3 lossless.avi
ffmpeg -v error -y -i lossless.avi -pix_fmt yuv420p -c:v libx264 -crf 12 lossy.mp4
for name in lossless.avi lossy.mp4; do
    ffmpeg -v error -y -i $name -f rawvideo -pix_fmt rgb24 $name.rgb
done
head -c 1500 lossy.mp4 > cut.mp4
