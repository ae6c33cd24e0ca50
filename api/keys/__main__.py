from api.keys.command import main

if __name__ == "__main__":
    main()
