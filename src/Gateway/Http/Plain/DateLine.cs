using System.Text;

namespace Gateway.Http.Plain;

/// <summary>The Date field of answers (RFC 9110, section 6.6.1), made once a second.</summary>
internal sealed class DateLine(TimeProvider time)
{
    private Made _made = new(0, []);

    /// <summary>The line with its CR LF.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            var now = time.GetUtcNow();
            var second = now.ToUnixTimeSeconds();
            var made = Volatile.Read(ref _made);
            if (made.Second != second)
            {
                made = new Made(second, Encoding.ASCII.GetBytes($"Date: {now:r}\r\n"));
                Volatile.Write(ref _made, made);
            }

            return made.Line;
        }
    }

    private sealed record Made(long Second, byte[] Line);
}
