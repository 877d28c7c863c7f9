namespace Gateway.Tests.Support;

/// <summary>Changes bytes as transmission, age or malice would.</summary>
internal static class Mutation
{
    /// <summary>A copy with up to four changes: bytes replaced, cut, doubled or put in. Every tenth has none.</summary>
    public static byte[] Of(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var changes = random.Next(10) == 0 ? 0 : random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(8, bytes.Count - at) + 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(1, Math.Min(8, bytes.Count - at) + 1)));
                    break;
                default:
                    bytes.Insert(at, random.Next(2) == 0 ? byte.MaxValue : (byte)0);
                    break;
            }
        }

        return [.. bytes];
    }
}
